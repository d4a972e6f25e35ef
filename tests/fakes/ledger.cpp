#include "tests/fakes/ledger.h"

#include "tests/fakes/run_loop.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace troupe::fakes {

struct Ledger::Book {
  PeerReply write(const PeerRequest& request) {
    auto body = parse_json(request.body);
    const std::string key(request.header("idempotency-key"));
    if (!body || key.empty()) return PeerReply(400, "an effect has a key and a JSON body");
    const std::scoped_lock lock(mutex);
    entries.push_back({key, string_or(*body, "tool"), *body});
    written.notify_all();
    return PeerReply::json(R"({"entry":)" + std::to_string(entries.size()) + "}")
        .after(delay ? delay(*body) : std::chrono::milliseconds(0));
  }

  PeerReply status(std::string_view key) {
    const std::scoped_lock lock(mutex);
    const auto found = std::ranges::find(entries, key, &Entry::key);
    return found == entries.end() ? PeerReply(404, "no such key") : PeerReply::json(dump(found->body));
  }

  mutable std::mutex mutex;
  mutable std::condition_variable written;
  std::vector<Entry> entries;
  std::function<std::chrono::milliseconds(const Json&)> delay;
};

Ledger::Ledger()
    : book_(std::make_shared<Book>()),
      peer_(std::make_unique<HttpPeer>([book = book_](const PeerRequest& request) {
        if (request.method == "POST" && request.path == "/effect") return book->write(request);
        if (request.path == "/status") return book->status(request.param("key"));
        return PeerReply(404, "no such page");
      })) {}

Ledger::~Ledger() = default;

std::string Ledger::url() const {
  return peer_->url("");
}

void Ledger::delay(std::function<std::chrono::milliseconds(const Json& body)> of) {
  const std::scoped_lock lock(book_->mutex);
  book_->delay = std::move(of);
}

std::vector<Ledger::Entry> Ledger::entries() const {
  const std::scoped_lock lock(book_->mutex);
  return book_->entries;
}

std::map<std::string, std::size_t> Ledger::effects(std::string_view name, std::string_view tool) const {
  std::map<std::string, std::size_t> counted;
  for (const Entry& entry : entries())
    if (entry.tool == tool && string_or(entry.body, "case") == name) ++counted[entry.key];
  return counted;
}

bool Ledger::wait_for(std::size_t entries) const {
  std::unique_lock lock(book_->mutex);
  return book_->written.wait_for(lock, kMaxTestWait, [&] { return book_->entries.size() >= entries; });
}

}  // namespace troupe::fakes
