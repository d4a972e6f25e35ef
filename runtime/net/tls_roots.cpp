#include "runtime/net/tls_roots.h"

#include "runtime/base/context.h"
#include "runtime/net/curl_library.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

namespace troupe::net {
namespace {

namespace fs = std::filesystem;

/// Holds a name such as "9d04f354.0": what c_rehash leaves.
bool is_hashed(const std::string& folder) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.size() == 10 && name.ends_with(".0")) return true;
  }
  return false;
}

/// Where this system keeps its authorities, as libcurl was built to find them.
std::string system_path() {
  CURL* easy = curl().easy_init();
  char* folder = nullptr;
  char* file = nullptr;
  curl().easy_getinfo(easy, CURLINFO_CAPATH, &folder);
  curl().easy_getinfo(easy, CURLINFO_CAINFO, &file);
  std::string path = folder && is_hashed(folder) ? folder : file ? file : "";
  curl().easy_cleanup(easy);
  return path;
}

Error unreadable(const std::string& path) {
  const unsigned long code = ERR_peek_error();
  const char* reason = code ? ERR_reason_error_string(code) : nullptr;
  const std::string message = fmt::format("the certificates in `{}` (network.ca) cannot be read{}", path,
                                          reason ? fmt::format(": {}", reason) : "");
  ERR_clear_error();
  return Error{ErrorCode::invalid, message};
}

}  // namespace

void TlsRoots::Free::operator()(X509_STORE* store) const {
  X509_STORE_free(store);
}

TlsRoots::TlsRoots(Loop& loop, std::string path)
    : loop_(loop), path_(std::move(path)), port_(std::make_shared<LoopPort>(loop)) {}

TlsRoots::~TlsRoots() {
  port_->close();
}

Result<TlsRoots::Store> TlsRoots::read_folder(const std::string& path) {
  Store store(X509_STORE_new());
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  if (X509_STORE_load_path(store.get(), path.c_str()) != 1) return fail(unreadable(path));
  return store;
}

Result<TlsRoots::Store> TlsRoots::read_file(const std::string& path) {
  Store store(X509_STORE_new());
  // An intermediate that an operator lists is trusted for itself, as libcurl has it.
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  ERR_clear_error();
  if (X509_STORE_load_file(store.get(), path.c_str()) != 1) return fail(unreadable(path));
  return store;
}

Task<Result<>> TlsRoots::load(Stop& stop) {
  if (store_) co_return Result<>();
  if (!reading_) start_reading();
  if (store_) co_return Result<>();
  auto work = boost::asio::make_work_guard(loop_.context());  // nothing else may be pending on the loop
  Waiter waiter(loop_);
  waiters_.push_back(&waiter);
  auto hook =
      stop.on_request([&] { waiter.set(fail(stopped("reading the TLS authorities", stop.reason()))); });
  Result<> result = co_await waiter.wait();
  std::erase(waiters_, &waiter);
  co_return result;
}

void TlsRoots::start_reading() {
  const std::string path = path_.empty() ? system_path() : path_;
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    if (auto store = read_folder(path)) store_ = std::move(*store);
    if (store_) return;
  }
  reading_ = true;
  auto body = [this, path, port = port_] {
    auto read = std::make_shared<Result<Store>>(read_file(path));
    port->post([this, read] { finish(std::move(*read)); });
  };
  try {
    std::thread(std::move(body)).detach();
  } catch (const std::system_error&) {
    port_->post([this, path] { finish(read_file(path)); });
  }
}

void TlsRoots::finish(Result<Store> read) {
  reading_ = false;
  if (read) store_ = std::move(*read);
  for (Waiter* waiter : std::exchange(waiters_, {})) {
    if (read)
      waiter->set(Result<>());
    else
      waiter->set(fail(read.error()));
  }
}

}  // namespace troupe::net
