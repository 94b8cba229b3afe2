<?php
function load(): void { no_such_function(7); }
load();
