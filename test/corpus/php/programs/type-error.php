<?php
declare(strict_types=1);
function load(int $row): void {}
load('seven');
