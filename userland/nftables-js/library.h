// SPDX-License-Identifier: MIT
//
// libnftables without Node: one buffer of commands at a time, in whatever thread. A context is opened by its first run.
#pragma once

#include <map>
#include <string>

struct nft_ctx;

struct Outcome {
	int status = -1;
	std::string output;
	std::string error;
	std::string warnings;
};

struct Request {
	std::string commands;
	// NFT_CTX_OUTPUT_*.
	unsigned int flags = 0;
	bool dry_run = false;
};

// errno where this process can have no context: nft_ctx_new() would end it where the kernel has no nfnetlink.
int ProbeLibrary();

Outcome RunCommands(nft_ctx **ctx, const Request &request);

void FreeContext(nft_ctx **ctx);

// For who must not wait for the library: the next thread that has it frees the context.
void AbandonContext(nft_ctx *ctx);

// What the library says of an error of the kernel, to the error's name: "No such file or directory" to "ENOENT".
const std::map<std::string, std::string> &ErrorNames();
