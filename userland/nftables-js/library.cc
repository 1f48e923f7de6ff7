// SPDX-License-Identifier: MIT
#include <nftables/libnftables.h>
// libnftables.h belongs first: it defines _GNU_SOURCE without asking.
#include "library.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <utility>
#include <vector>

namespace {

// libnftables keeps its list of interfaces and its parser's tables in process-wide variables, so two contexts
// on two threads of the pool would race. This lock is as process-wide as what it guards.
std::mutex &LibraryLock() {
	static std::mutex lock;
	return lock;
}

std::string TextOf(const char *text) { return text == nullptr ? "" : text; }

// What this thread's run of the library warns of goes here.
thread_local std::string *warnings_of_run = nullptr;

// An assertion that fails says so on stderr, too, and nobody would be left to read it here.
ssize_t WriteWarning(void *, const char *text, size_t size) {
	static const char mark[] = "warning:";
	bool is_warning = size > sizeof(mark) && std::memcmp(text, mark, sizeof(mark) - 1) == 0;

	if (warnings_of_run == nullptr || !is_warning)
		return write(STDERR_FILENO, text, size);
	warnings_of_run->append(text, size);
	return static_cast<ssize_t>(size);
}

// libnftables has buffers for output and errors, but says on stderr itself what it cannot put into JSON. glibc lets
// stderr be another stream; the one here is never closed, since another thread may just be writing to it, and what
// such a thread writes goes where it always went.
class CaughtStderr {
 public:
	explicit CaughtStderr(std::string *into) : before_(stderr) {
		static FILE *stream = Open();
		warnings_of_run = into;
		if (stream != nullptr)
			stderr = stream;
	}
	~CaughtStderr() {
		stderr = before_;
		warnings_of_run = nullptr;
	}
	CaughtStderr(const CaughtStderr &) = delete;

 private:
	static FILE *Open() {
		FILE *stream = fopencookie(nullptr, "w", {nullptr, WriteWarning, nullptr, nullptr});
		if (stream != nullptr)
			setvbuf(stream, nullptr, _IONBF, 0);
		return stream;
	}

	FILE *before_;
};

class Abandoned {
 public:
	void Add(nft_ctx *ctx) {
		std::lock_guard<std::mutex> hold(lock_);
		contexts_.push_back(ctx);
	}
	// With the library's lock held.
	void FreeAll() {
		std::vector<nft_ctx *> contexts;
		{
			std::lock_guard<std::mutex> hold(lock_);
			contexts.swap(contexts_);
		}
		for (nft_ctx *ctx : contexts)
			nft_ctx_free(ctx);
	}

 private:
	std::mutex lock_;
	std::vector<nft_ctx *> contexts_;
};

Abandoned &AbandonedContexts() {
	static Abandoned abandoned;
	return abandoned;
}

nft_ctx *OpenContext(std::string *error) {
	nft_ctx *ctx = nft_ctx_new(NFT_CTX_DEFAULT);
	if (ctx == nullptr) {
		*error = std::strerror(ENOMEM);
		return nullptr;
	}
	if (nft_ctx_buffer_output(ctx) == 0 && nft_ctx_buffer_error(ctx) == 0)
		return ctx;
	nft_ctx_free(ctx);
	*error = "no memory for libnftables' buffers";
	return nullptr;
}

// Of what is wrong in a buffer libnftables tells neither the line nor, beyond the first, the right text; of what is wrong
// in a file it tells both. So commands in nft's language are given as a file that is nowhere but in memory.
class MemoryFile {
 public:
	explicit MemoryFile(const std::string &text) : fd_(memfd_create("nftables", MFD_CLOEXEC)) {
		path_ = "/proc/self/fd/" + std::to_string(fd_);
		is_whole_ = fd_ >= 0 && Write(text) && access(path_.c_str(), R_OK) == 0;
	}
	~MemoryFile() {
		if (fd_ >= 0)
			close(fd_);
	}
	MemoryFile(const MemoryFile &) = delete;

	// Undefined where there is no memory or no /proc.
	const char *path() const { return is_whole_ ? path_.c_str() : nullptr; }

	// "/proc/self/fd/20:3:7-9: Error: ..." without the path.
	std::string WithoutPath(std::string text) const {
		const std::string prefix = path_ + ":";
		for (size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at))
			text.erase(at, prefix.size());
		return text;
	}

 private:
	bool Write(const std::string &text) {
		for (size_t done = 0; done < text.size();) {
			ssize_t size = write(fd_, text.data() + done, text.size() - done);
			if (size < 0)
				return false;
			done += static_cast<size_t>(size);
		}
		return true;
	}

	int fd_;
	std::string path_;
	bool is_whole_ = false;
};

bool IsJson(const Request &request) { return (request.flags & NFT_CTX_OUTPUT_JSON) != 0; }

int RunText(nft_ctx *ctx, const std::string &commands, std::string *error) {
	// Input that ends within a line is a syntax error to some versions.
	MemoryFile file(commands + "\n");
	int status = file.path() == nullptr ? nft_run_cmd_from_buffer(ctx, commands.c_str()) :
					      nft_run_cmd_from_filename(ctx, file.path());
	*error = file.WithoutPath(TextOf(nft_ctx_get_error_buffer(ctx)));
	return status;
}

int RunJson(nft_ctx *ctx, const std::string &commands, std::string *error) {
	int status = nft_run_cmd_from_buffer(ctx, commands.c_str());
	*error = TextOf(nft_ctx_get_error_buffer(ctx));
	return status;
}

}  // namespace

int ProbeLibrary() {
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

Outcome RunCommands(nft_ctx **ctx, const Request &request) {
	std::lock_guard<std::mutex> hold(LibraryLock());
	Outcome outcome;

	AbandonedContexts().FreeAll();
	if (*ctx == nullptr)
		*ctx = OpenContext(&outcome.error);
	if (*ctx == nullptr)
		return outcome;
	nft_ctx_output_set_flags(*ctx, request.flags);
	nft_ctx_set_dry_run(*ctx, request.dry_run);
	{
		CaughtStderr caught(&outcome.warnings);
		outcome.status = (IsJson(request) ? RunJson : RunText)(*ctx, request.commands, &outcome.error);
	}
	// Reading a buffer also empties it for the next run.
	outcome.output = TextOf(nft_ctx_get_output_buffer(*ctx));
	return outcome;
}

void FreeContext(nft_ctx **ctx) {
	std::lock_guard<std::mutex> hold(LibraryLock());
	AbandonedContexts().FreeAll();
	if (*ctx != nullptr)
		nft_ctx_free(*ctx);
	*ctx = nullptr;
}

void AbandonContext(nft_ctx *ctx) { AbandonedContexts().Add(ctx); }

const std::map<std::string, std::string> &ErrorNames() {
	static const std::map<std::string, std::string> names = [] {
		std::map<std::string, std::string> made;
		for (int number = 1; number < 134; number++) {
			const char *name = strerrorname_np(number);
			if (name != nullptr)
				made.emplace(strerrordesc_np(number), name);
		}
		return made;
	}();
	return names;
}
