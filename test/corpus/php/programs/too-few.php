<?php
function load(int $row, int $price): void {}
load(7);
