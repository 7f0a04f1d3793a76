#!/bin/sh
echo '{"machines": [], "message": "not supported"}'
