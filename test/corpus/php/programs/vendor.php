<?php
require __DIR__ . '/vendor/shop/rows/src/Rows.php';
Shop\Rows::load(fn (int $row) => throw new InvalidArgumentException('bad row'));
