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
#include <cstring>
#include <mutex>
#include <string>

namespace {

struct Outcome {
	int status = -1;
	std::string output;
	std::string error;
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

Outcome RunCommands(nft_ctx *ctx, const std::string &commands, unsigned int flags, bool dry_run) {
	std::lock_guard<std::mutex> hold(LibraryLock());
	Outcome outcome;

	nft_ctx_output_set_flags(ctx, flags);
	nft_ctx_set_dry_run(ctx, dry_run);
	outcome.status = nft_run_cmd_from_buffer(ctx, commands.c_str());
	// Reading a buffer also empties it for the next run.
	outcome.output = TextOf(nft_ctx_get_output_buffer(ctx));
	outcome.error = TextOf(nft_ctx_get_error_buffer(ctx));
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

// Holds a reference to its context, so that the collector leaves it alone meanwhile.
class RunWorker : public Napi::AsyncWorker {
 public:
	RunWorker(Napi::Env env, Context *context, std::string commands, unsigned int flags, bool dry_run);

	napi_value promise() const { return promise_; }

 protected:
	void Execute() override;
	void OnOK() override;
	void OnError(const Napi::Error &error) override;

 private:
	void Release();

	napi_deferred deferred_ = nullptr;
	napi_value promise_ = nullptr;
	Context *context_;
	std::string commands_;
	unsigned int flags_;
	bool dry_run_;
	Outcome outcome_;
};

// new Context(); run(commands, flags, dryRun) -> Promise<{status, output, error}>; close()
class Context : public Napi::ObjectWrap<Context> {
 public:
	explicit Context(const Napi::CallbackInfo &info) : ObjectWrap(info) {
		int error = ProbeNetlink();
		if (error == 0) {
			std::lock_guard<std::mutex> hold(LibraryLock());
			ctx_ = nft_ctx_new(NFT_CTX_DEFAULT);
			error = ctx_ == nullptr ? ENOMEM : 0;
		}
		if (error != 0) {
			Napi::Error::New(info.Env(), std::strerror(error)).ThrowAsJavaScriptException();
			return;
		}
		if (nft_ctx_buffer_output(ctx_) != 0 || nft_ctx_buffer_error(ctx_) != 0)
			Napi::Error::New(info.Env(), "no memory for libnftables' buffers").ThrowAsJavaScriptException();
	}

	~Context() override { Free(); }

	static Napi::Function Define(Napi::Env env) {
		return DefineClass(env, "Context",
				   {InstanceMethod<&Context::Run>("run"), InstanceMethod<&Context::Close>("close")});
	}

	nft_ctx *ctx() const { return ctx_; }
	void set_busy(bool busy) { busy_ = busy; }

 private:
	Napi::Value Run(const Napi::CallbackInfo &info) {
		if (ctx_ == nullptr || busy_) {
			Napi::Error::New(info.Env(), ctx_ == nullptr ? "the context is closed" : "the context is busy")
				.ThrowAsJavaScriptException();
			return info.Env().Undefined();
		}
		auto *worker = new RunWorker(info.Env(), this, info[0].As<Napi::String>().Utf8Value(),
					     info[1].As<Napi::Number>().Uint32Value(),
					     info[2].As<Napi::Boolean>().Value());
		Napi::Value promise(info.Env(), worker->promise());
		worker->Queue();
		return promise;
	}

	void Close(const Napi::CallbackInfo &info) {
		if (busy_) {
			Napi::Error::New(info.Env(), "the context is busy").ThrowAsJavaScriptException();
			return;
		}
		Free();
	}

	void Free() {
		if (ctx_ == nullptr)
			return;
		std::lock_guard<std::mutex> hold(LibraryLock());
		nft_ctx_free(ctx_);
		ctx_ = nullptr;
	}

	nft_ctx *ctx_ = nullptr;
	// Only touched on the environment's own thread.
	bool busy_ = false;
};

RunWorker::RunWorker(Napi::Env env, Context *context, std::string commands, unsigned int flags, bool dry_run)
	: AsyncWorker(env, "nftables"),
	  context_(context),
	  commands_(std::move(commands)),
	  flags_(flags),
	  dry_run_(dry_run) {
	napi_create_promise(env, &deferred_, &promise_);
	context_->Ref();
	context_->set_busy(true);
}

void RunWorker::Execute() { outcome_ = RunCommands(context_->ctx(), commands_, flags_, dry_run_); }

// Plain Node-API, because a thread may be ending just now: then these calls fail, which nobody is left to hear
// of, while the wrappers would abort the process.
void RunWorker::OnOK() {
	napi_env env = Env();
	napi_value result;

	Release();
	if (napi_create_object(env, &result) != napi_ok)
		return;
	if (SetString(env, result, "output", outcome_.output) && SetString(env, result, "error", outcome_.error) &&
	    SetNumber(env, result, "status", outcome_.status))
		napi_resolve_deferred(env, deferred_, result);
}

void RunWorker::OnError(const Napi::Error &error) {
	Release();
	napi_reject_deferred(Env(), deferred_, error.Value());
}

void RunWorker::Release() {
	context_->set_busy(false);
	context_->Unref();
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
	exports["Context"] = Context::Define(env);
	return exports;
}

}  // namespace

NODE_API_MODULE(nftables, Init)
