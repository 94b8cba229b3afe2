const fail = (text) => new Error(text);
throw new AggregateError([fail('one\nof two lines'), new TypeError('two', { cause: fail('below two') }), 'three'], 'all of them');
