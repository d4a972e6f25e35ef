// What a cache of replies costs: `reply_cache_bench [folder] [replies]`. A request of about 20 KiB (a
// conversation of ten messages) and a reply of about 2 KiB; naming the request, putting a reply and finding
// it again, in memory and in a file, each from the loop and back.
#include "models/cache/memory_cache.h"
#include "models/cache/reply_key.h"
#include "models/cache/sqlite_cache.h"
#include "runtime/async/run_task.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

using namespace troupe;
using namespace troupe::models;

namespace {

using std::chrono::steady_clock;
constexpr std::chrono::hours kTtl(1);

void report(const char* what, int times, steady_clock::time_point since) {
  const double us = std::chrono::duration<double, std::micro>(steady_clock::now() - since).count();
  std::printf("%-28s %8.2f us each\n", what, us / times);
}

ModelRequest request() {
  auto transcript = std::make_shared<Transcript>();
  for (int i = 0; i < 10; ++i)
    transcript->add({.role = i % 2 == 0 ? Role::user : Role::assistant, .content = std::string(2000, 'x')});
  return {.transcript = transcript, .tools = std::make_shared<const std::vector<ToolDeclaration>>()};
}

std::shared_ptr<const ModelReply> reply() {
  auto made = std::make_shared<ModelReply>();
  made->text = std::string(2000, 'y');
  made->usage = {.input_tokens = 5000, .output_tokens = 500};
  return made;
}

std::string key(int i) {
  char digits[65];
  std::snprintf(digits, sizeof digits, "%064x", static_cast<unsigned>(i) * 2654435761u);
  return digits;
}

Task<> measure(ReplyCache& cache, const char* name, int replies) {
  Stop stop;
  const auto kept = reply();
  auto since = steady_clock::now();
  for (int i = 0; i < replies; ++i) {
    cache.put(key(i), kept, kTtl);
    if (i % 100 == 99) (void)co_await cache.get(key(i), kTtl, stop);  // the file keeps up
  }
  report((std::string(name) + ": put").c_str(), replies, since);
  since = steady_clock::now();
  int found = 0;
  for (int i = 0; i < replies; ++i)
    if (co_await cache.get(key(i), kTtl, stop)) ++found;
  report((std::string(name) + ": hit").c_str(), replies, since);
  since = steady_clock::now();
  for (int i = 0; i < replies; ++i)
    if (co_await cache.get(key(replies + i), kTtl, stop)) ++found;
  report((std::string(name) + ": miss").c_str(), replies, since);
  if (found != replies) std::printf("%s: %d of %d were found\n", name, found, replies);
}

Task<int> all(Loop& loop, std::string folder, int replies) {
  const ModelRequest asked = request();
  auto since = steady_clock::now();
  std::size_t sum = 0;
  for (int i = 0; i < replies; ++i) sum += reply_key("default", "identity", asked).size();
  report("the name of a request", replies, since);
  if (sum == 0) co_return 1;
  {
    MemoryCache memory(loop.clock(), 1u << 30);
    co_await measure(memory, "memory", replies);
  }
  SqliteCache file(loop, folder + "/cache.db", 1u << 30);
  co_await measure(file, "sqlite", replies);
  co_return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder =
      argc > 1 ? argv[1] : (std::filesystem::temp_directory_path() / "reply_cache_bench");
  const int replies = argc > 2 ? std::atoi(argv[2]) : 5000;
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  SystemClock clock;
  Loop loop(clock);
  return run_task(loop, all(loop, folder, replies));
}
