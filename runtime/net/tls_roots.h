#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/one_shot.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"
#include "runtime/base/result.h"
#include "runtime/net/loop_port.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <openssl/types.h>

namespace troupe::net {

/// The certificate authorities that outbound TLS trusts, read once and shared by all connections of a client.
///
/// Left to itself libcurl reads the system's bundle for every connection, which with OpenSSL 3 is 80 ms of
/// the loop's time. So: of a folder of hashed certificates OpenSSL reads only the one it needs, and a bundle
/// is read on a thread of its own, when the first https request comes. Loop thread only.
class TlsRoots {
 public:
  /// A bundle file, a folder of hashed certificates, or "" for the system's.
  TlsRoots(Loop& loop, std::string path);
  ~TlsRoots();
  TlsRoots(const TlsRoots&) = delete;
  TlsRoots& operator=(const TlsRoots&) = delete;

  /// Reads them, if that has not happened yet. Errors: invalid (the file cannot be read; it is tried again
  /// with the next call), cancelled.
  Task<Result<>> load(Stop& stop);
  /// Null before load() has succeeded.
  X509_STORE* store() const { return store_.get(); }

 private:
  struct Free {
    void operator()(X509_STORE* store) const;
  };
  using Store = std::unique_ptr<X509_STORE, Free>;
  using Waiter = OneShot<Result<>>;

  static Result<Store> read_folder(const std::string& path);
  static Result<Store> read_file(const std::string& path);
  void start_reading();
  void finish(Result<Store> read);

  Loop& loop_;
  std::string path_;
  Store store_;
  bool reading_ = false;
  std::vector<Waiter*> waiters_;
  std::shared_ptr<LoopPort> port_;
};

}  // namespace troupe::net
