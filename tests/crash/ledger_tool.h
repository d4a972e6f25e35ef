#pragma once

#include "runtime/net/http_client.h"
#include "tools/tool.h"

#include <memory>
#include <string>

namespace troupe::crash {

/// Names of tools that a daemon under test has beside its own, as entries of `type: clock`.
inline constexpr const char* kPay = "pay";        ///< at_most_once, and cannot tell what became of a call
inline constexpr const char* kBook = "book";      ///< at_most_once, and can
inline constexpr const char* kPut = "put";        ///< idempotent
inline constexpr const char* kLook = "look";      ///< pure
inline constexpr const char* kPoison = "poison";  ///< pure, and ends the daemon
/// Where the ledger (tests/fakes/ledger.h) listens: an environment variable.
inline constexpr const char* kLedgerVariable = "TROUPE_TEST_LEDGER";

/// Writes each call into the ledger. Null: the name is none of the above.
std::unique_ptr<tools::Tool> make_ledger_tool(const std::string& name, net::HttpClient& http);

}  // namespace troupe::crash
