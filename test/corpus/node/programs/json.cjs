JSON.parse('{"rows": [1, 2');
