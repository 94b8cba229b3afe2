<?php
function load(): void { require '/srv/job/no-such.inc'; }
load();
