<?php
function load(): void { throw new RuntimeException("bad rows:\n  apple\n\n  pear in /srv/rows.csv:7\nand more"); }
load();
