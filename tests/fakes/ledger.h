#pragma once

#include "runtime/base/json.h"
#include "tests/fakes/http_peer.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::fakes {

/// Who counts what really happened: a server outside of the daemon whose book is only ever added to.
///
///   POST /effect   with `Idempotency-Key` and a JSON body: is in the book before it is answered
///   GET  /status?key=KEY   200 with the body that was written under the key, or 404
///
/// All functions may be called from any thread.
class Ledger {
 public:
  struct Entry {
    std::string key;
    std::string tool;
    Json body;
  };

  Ledger();
  ~Ledger();

  std::string url() const;
  /// How long the answer to an effect takes after it is in the book, by its body.
  void delay(std::function<std::chrono::milliseconds(const Json& body)> of);

  /// The whole book, in order.
  std::vector<Entry> entries() const;
  /// How often an effect was written under each key, of those whose body names this case.
  std::map<std::string, std::size_t> effects(std::string_view name, std::string_view tool) const;
  bool wait_for(std::size_t entries) const;

 private:
  struct Book;
  std::shared_ptr<Book> book_;
  std::unique_ptr<HttpPeer> peer_;
};

}  // namespace troupe::fakes
