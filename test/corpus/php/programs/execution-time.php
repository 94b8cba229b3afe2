<?php
set_time_limit(1);
function load(): void { while (true); }
load();
