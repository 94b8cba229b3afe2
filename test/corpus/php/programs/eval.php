<?php
function load(): void { eval("\n throw new RuntimeException('bad row');"); }
load();
