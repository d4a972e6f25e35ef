#pragma once

#include "runtime/async/one_shot.h"
#include "runtime/base/result.h"
#include "runtime/store/sqlite.h"

#include <functional>
#include <memory>
#include <string>

namespace troupe::store {

/// Threads with read-only connections of their own: they see what is committed, never wait for the writer,
/// and give up a query after limits::kReadTime, because an open read keeps the WAL from being reused. Threads
/// are started as work comes, up to limits::kReaders.
class ReaderPool {
 public:
  ReaderPool(Loop& loop, std::string file);
  ~ReaderPool();
  ReaderPool(const ReaderPool&) = delete;
  ReaderPool& operator=(const ReaderPool&) = delete;

  /// Ends the threads and closes their connections. What is queued or runs is answered with an error, at
  /// once.
  void close();

  /// Runs `query` (Result<T>(Database&), owning what it touches) on a reader thread and comes back with its
  /// value. Loop thread.
  template <class Query>
  auto read(Query query) -> Task<std::invoke_result_t<Query&, Database&>> {
    using Answer = std::invoke_result_t<Query&, Database&>;
    OneShot<Answer> answer(loop_);
    add([this, &answer, &query](Result<Database*> database) {
      // `query` lives in the waiting coroutine, which cannot go on before the post below.
      Answer value = database ? query(**database) : Answer(fail(std::move(database.error())));
      loop_.post([&answer, value = std::move(value)]() mutable { answer.set(std::move(value)); });
    });
    co_return co_await answer.wait();
  }

 private:
  using Job = std::move_only_function<void(Result<Database*>)>;

  void add(Job job);

  class Threads;  // hidden: no lock is seen above runtime
  Loop& loop_;
  const std::unique_ptr<Threads> threads_;
};

}  // namespace troupe::store
