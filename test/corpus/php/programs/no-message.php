<?php
function load(): void { throw new LogicException(); }
load();
