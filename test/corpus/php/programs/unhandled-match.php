<?php
echo match (7) { 1 => 'one' };
