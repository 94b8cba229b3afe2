<?php
function rows(): Generator { yield 1; throw new RangeException('bad row'); }
foreach (rows() as $row) {}
