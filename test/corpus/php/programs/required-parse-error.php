<?php
function load(): void { require '/srv/job/lib/broken.inc'; }
load();
