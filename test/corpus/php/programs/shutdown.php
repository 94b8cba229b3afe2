<?php
register_shutdown_function(function () { throw new Exception('while shutting down'); });
throw new RuntimeException('bad row');
