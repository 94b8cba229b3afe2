throw 'bad row';
