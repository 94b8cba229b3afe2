<?php
function load(): void {}
if (true) { eval('function load(): void {}'); }
