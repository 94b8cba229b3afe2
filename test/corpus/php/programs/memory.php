<?php
ini_set('memory_limit', '4M');
function load(): array { $rows = []; while (true) $rows[] = str_repeat('x', 100000); return $rows; }
load();
