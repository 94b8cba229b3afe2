<?php
function load(int $row): void { if ($row > 40) throw new OverflowException('too deep'); load($row + 1); }
load(1);
