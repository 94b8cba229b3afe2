<?php
throw new RuntimeException('bad row');
