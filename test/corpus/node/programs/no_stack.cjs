Error.stackTraceLimit = 0;
throw Object.assign(new RangeError('without a stack'), { code: 'E_ROW' });
