throw new SuppressedError(new Error('at the close'), new Error('at the read'), 'two failed');
