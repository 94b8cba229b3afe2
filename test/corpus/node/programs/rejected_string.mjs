Promise.reject('bad row');
