throw new Error('cannot load', { cause: 'no such row' });
