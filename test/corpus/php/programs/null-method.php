<?php
function load(?object $row): void { $row->price(); }
load(null);
