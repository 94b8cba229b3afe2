<?php
echo $row;
$rows = [];
echo $rows['price'];
trigger_error('odd row', E_USER_DEPRECATED);
throw new ValueError('bad row');
