#!/bin/sh
exec "${RIS_HYBRID_RC:-ris-hybrid-rc}" getReturnRequests "$@"
