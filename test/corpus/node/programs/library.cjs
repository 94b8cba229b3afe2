require('./node_modules/rows').load();
