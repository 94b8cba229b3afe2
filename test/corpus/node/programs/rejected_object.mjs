Promise.reject({ row: 7, reason: 'bad' });
