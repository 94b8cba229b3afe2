<?php
function load(): void { trigger_error('bad row', E_USER_ERROR); }
load();
