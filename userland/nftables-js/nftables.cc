// SPDX-License-Identifier: MIT
//
// One object: a libnftables context that runs one buffer of commands at a time, off the event loop. Arguments
// were checked and calls are queued in index.ts; nothing here throws.
#include <nftables/libnftables.h>
// libnftables.h belongs first: it defines _GNU_SOURCE without asking.
#include <linux/netlink.h>
#include <napi.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

namespace {

struct Outcome {
	int status = -1;
	std::string output;
	std::string error;
	std::string warnings;
};

// libnftables keeps its list of interfaces and its parser's tables in process-wide variables, so two contexts
// on two threads of the pool would race. This lock is as process-wide as what it guards.
std::mutex &LibraryLock() {
	static std::mutex lock;
	return lock;
}

// nft_ctx_new() ends the process where the kernel has no nfnetlink; so ask first.
int ProbeNetlink() {
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
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

// Contexts that were collected without close(): the collector runs on the event loop's thread, which must not wait
// for the library, so the next thread that has the library's lock frees them.
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

// Opens the context where this is its first run.
Outcome RunCommands(nft_ctx **ctx, const std::string &commands, unsigned int flags, bool dry_run) {
	std::lock_guard<std::mutex> hold(LibraryLock());
	Outcome outcome;

	AbandonedContexts().FreeAll();
	if (*ctx == nullptr)
		*ctx = OpenContext(&outcome.error);
	if (*ctx == nullptr)
		return outcome;
	nft_ctx_output_set_flags(*ctx, flags);
	nft_ctx_set_dry_run(*ctx, dry_run);
	{
		CaughtStderr caught(&outcome.warnings);
		outcome.status = nft_run_cmd_from_buffer(*ctx, commands.c_str());
	}
	// Reading a buffer also empties it for the next run.
	outcome.output = TextOf(nft_ctx_get_output_buffer(*ctx));
	outcome.error = TextOf(nft_ctx_get_error_buffer(*ctx));
	return outcome;
}

bool SetString(napi_env env, napi_value object, const char *name, const std::string &text) {
	napi_value value;
	return napi_create_string_utf8(env, text.data(), text.size(), &value) == napi_ok &&
	       napi_set_named_property(env, object, name, value) == napi_ok;
}

bool SetNumber(napi_env env, napi_value object, const char *name, int number) {
	napi_value value;
	return napi_create_int32(env, number, &value) == napi_ok &&
	       napi_set_named_property(env, object, name, value) == napi_ok;
}

class Context;

// What the pool does for a context. Holds a reference to it, so that the collector leaves it alone meanwhile.
class Worker : public Napi::AsyncWorker {
 public:
	Worker(Napi::Env env, Context *context);

	napi_value promise() const { return promise_; }

 protected:
	void OnOK() override;
	void OnError(const Napi::Error &error) override;
	// What the promise resolves with; false where it could not be made.
	virtual bool Result(napi_env env, napi_value *result);
	virtual std::string Refusal() const { return ""; }

	Context *context_;

 private:
	void Reject(napi_env env, const std::string &text);
	void Release();

	napi_deferred deferred_ = nullptr;
	napi_value promise_ = nullptr;
};

class RunWorker : public Worker {
 public:
	RunWorker(Napi::Env env, Context *context, const Napi::CallbackInfo &info);

 protected:
	void Execute() override;
	bool Result(napi_env env, napi_value *result) override;
	std::string Refusal() const override;

 private:
	std::string commands_;
	unsigned int flags_;
	bool dry_run_;
	double most_;
	Outcome outcome_;
};

class CloseWorker : public Worker {
 public:
	using Worker::Worker;

 protected:
	void Execute() override;
};

// new Context(); run(commands, flags, dryRun, mostBytes) -> Promise<{status, output, error, warnings}>;
// close() -> Promise. Neither of them waits for the library on the event loop's thread.
class Context : public Napi::ObjectWrap<Context> {
 public:
	explicit Context(const Napi::CallbackInfo &info) : ObjectWrap(info) {
		int error = ProbeNetlink();
		if (error != 0)
			Napi::Error::New(info.Env(), std::strerror(error)).ThrowAsJavaScriptException();
	}

	~Context() override {
		if (ctx_ != nullptr)
			AbandonedContexts().Add(ctx_);
	}

	static Napi::Function Define(Napi::Env env) {
		return DefineClass(env, "Context",
				   {InstanceMethod<&Context::Run>("run"), InstanceMethod<&Context::Close>("close")});
	}

	nft_ctx **ctx() { return &ctx_; }
	void set_busy(bool busy) { busy_ = busy; }

 private:
	Napi::Value Run(const Napi::CallbackInfo &info) {
		return IsFree(info) ? Start(new RunWorker(info.Env(), this, info)) : info.Env().Undefined();
	}

	Napi::Value Close(const Napi::CallbackInfo &info) {
		if (!IsFree(info))
			return info.Env().Undefined();
		closed_ = true;
		return Start(new CloseWorker(info.Env(), this));
	}

	bool IsFree(const Napi::CallbackInfo &info) {
		if (!closed_ && !busy_)
			return true;
		Napi::Error::New(info.Env(), closed_ ? "the context is closed" : "the context is busy")
			.ThrowAsJavaScriptException();
		return false;
	}

	Napi::Value Start(Worker *worker) {
		Napi::Value promise(worker->Env(), worker->promise());
		worker->Queue();
		return promise;
	}

	// Undefined before the first run. Only touched by the one worker that is busy with this context.
	nft_ctx *ctx_ = nullptr;
	// Only touched on the environment's own thread.
	bool busy_ = false;
	bool closed_ = false;
};

Worker::Worker(Napi::Env env, Context *context) : AsyncWorker(env, "nftables"), context_(context) {
	napi_create_promise(env, &deferred_, &promise_);
	context_->Ref();
	context_->set_busy(true);
}

// Plain Node-API, because a thread may be ending just now: then these calls fail, which nobody is left to hear
// of, while the wrappers would abort the process.
void Worker::OnOK() {
	napi_env env = Env();
	napi_value result;
	std::string refusal = Refusal();

	Release();
	if (!refusal.empty())
		Reject(env, refusal);
	else if (Result(env, &result))
		napi_resolve_deferred(env, deferred_, result);
	else
		Reject(env, "the result of libnftables could not be made into strings");
}

void Worker::OnError(const Napi::Error &error) {
	Release();
	napi_reject_deferred(Env(), deferred_, error.Value());
}

bool Worker::Result(napi_env env, napi_value *result) { return napi_get_undefined(env, result) == napi_ok; }

void Worker::Reject(napi_env env, const std::string &text) {
	napi_value exception, message, error;
	bool is_pending = false;

	// A call that failed may have left an exception, which would come up elsewhere.
	if (napi_is_exception_pending(env, &is_pending) == napi_ok && is_pending)
		napi_get_and_clear_last_exception(env, &exception);
	if (napi_create_string_utf8(env, text.data(), text.size(), &message) == napi_ok &&
	    napi_create_error(env, nullptr, message, &error) == napi_ok)
		napi_reject_deferred(env, deferred_, error);
}

void Worker::Release() {
	context_->set_busy(false);
	context_->Unref();
}

RunWorker::RunWorker(Napi::Env env, Context *context, const Napi::CallbackInfo &info)
	: Worker(env, context),
	  commands_(info[0].As<Napi::String>().Utf8Value()),
	  flags_(info[1].As<Napi::Number>().Uint32Value()),
	  dry_run_(info[2].As<Napi::Boolean>().Value()),
	  most_(info[3].As<Napi::Number>().DoubleValue()) {}

void RunWorker::Execute() { outcome_ = RunCommands(context_->ctx(), commands_, flags_, dry_run_); }

std::string RunWorker::Refusal() const {
	size_t size = outcome_.output.size() + outcome_.error.size() + outcome_.warnings.size();
	if (static_cast<double>(size) <= most_)
		return "";
	return "libnftables printed " + std::to_string(size) + " bytes, more than are taken";
}

bool RunWorker::Result(napi_env env, napi_value *result) {
	return napi_create_object(env, result) == napi_ok && SetString(env, *result, "output", outcome_.output) &&
	       SetString(env, *result, "error", outcome_.error) &&
	       SetString(env, *result, "warnings", outcome_.warnings) &&
	       SetNumber(env, *result, "status", outcome_.status);
}

void CloseWorker::Execute() {
	std::lock_guard<std::mutex> hold(LibraryLock());
	AbandonedContexts().FreeAll();
	if (*context_->ctx() != nullptr)
		nft_ctx_free(*context_->ctx());
	*context_->ctx() = nullptr;
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
	exports["Context"] = Context::Define(env);
	return exports;
}

}  // namespace

NODE_API_MODULE(nftables, Init)
