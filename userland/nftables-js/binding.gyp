{
	# Node-API alone, so one build serves every Node from 18 on.
	"targets": [
		{
			"target_name": "nftables",
			"sources": ["nftables.cc", "library.cc"],
			"include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
			"defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS"],
			"cflags_cc": ["-std=c++17", "-Wall", "-Wextra"],
			"libraries": ["-lnftables"],
		}
	]
}
