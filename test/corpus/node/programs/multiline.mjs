throw new Error('three lines:\nsecond\n\n    at the fourth (not a place)');
