throw { row: 7, reason: 'bad\nrow' };
