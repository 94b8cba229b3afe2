class LoadError extends Error {}
throw new LoadError('a class without a name');
