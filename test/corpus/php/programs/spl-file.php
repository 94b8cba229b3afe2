<?php
function load(): SplFileObject { return new SplFileObject('/srv/job/no-such.csv'); }
load();
