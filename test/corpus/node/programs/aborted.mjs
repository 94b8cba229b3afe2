AbortSignal.abort().throwIfAborted();
