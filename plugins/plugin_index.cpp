#include "plugins/plugin_index.h"

#include "plugins/host/fitting.h"
#include "plugins/services.h"
#include "runtime/async/read_write_gate.h"
#include "runtime/base/suggest.h"

#include <cstring>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace troupe::plugins {

namespace {

std::string_view word(memory::Metric metric) {
  switch (metric) {
    case memory::Metric::cosine:
      return "cosine";
    case memory::Metric::inner_product:
      return "inner_product";
    case memory::Metric::l2:
      return "l2";
  }
  return "";
}

class NoEvents final : public EventSink {
 public:
  void publish(Event) override {}
};

/// A call in nobody's name.
class OwnCall {
 public:
  OwnCall(Loop& loop, Stop& stop, Milliseconds time)
      : context{
            .loop = loop, .stop = stop, .deadline = Deadline::after(loop.clock(), time), .events = events_} {}

 private:
  NoEvents events_;

 public:
  CallContext context;
};

class PluginIndex final : public memory::OutsideIndex {
 public:
  PluginIndex(Loop& loop, std::shared_ptr<Plugin> plugin, std::size_t service,
              std::unique_ptr<Instance> instance)
      : loop_(loop),
        plugin_(std::move(plugin)),
        service_(service),
        instance_(std::move(instance)),
        turn_(loop) {}

  Task<Result<std::vector<std::uint32_t>>> nearest(std::vector<float> query, std::size_t count,
                                                   std::string allowed) override {
    if (waiting_ >= kIndexQueue)
      co_return fail(ErrorCode::busy, fmt::format("{} searches wait for the index already", waiting_));
    ++waiting_;
    auto turn = co_await turn_.write();
    --waiting_;
    const Json input = {{"do", "search"}, {"count", count}, {"filtered", !allowed.empty()}};
    std::string body(query.size() * sizeof(float), '\0');
    std::memcpy(body.data(), query.data(), body.size());
    body += allowed;
    // Nobody's Stop: a search that nobody waits for any more must not cost the index.
    Stop never;
    OwnCall call(loop_, never, kIndexSearchTime);
    auto answer = co_await instance_->call(
        {.service = service_, .input = dump(input), .body = std::move(body)}, call.context);
    if (!answer) {
      // By what it takes as busy, who asks takes it that the index still answers.
      if (answer.error().code == ErrorCode::busy) answer.error().code = ErrorCode::unavailable;
      co_return fail(std::move(answer.error()));
    }
    if (answer->body.size() % sizeof(std::uint32_t) != 0)
      co_return fail(ErrorCode::protocol,
                     fmt::format("plugin {} answered with {} bytes, which are no numbers",
                                 plugin_->settings().name, answer->body.size()));
    std::vector<std::uint32_t> rows(answer->body.size() / sizeof(std::uint32_t));
    if (!rows.empty()) std::memcpy(rows.data(), answer->body.data(), answer->body.size());
    co_return rows;
  }

  Task<> close() override {
    co_await instance_->end();
    auto last = co_await turn_.write();  // those who asked have heard of it
  }

 private:
  Loop& loop_;
  const std::shared_ptr<Plugin> plugin_;
  const std::size_t service_;
  const std::unique_ptr<Instance> instance_;
  ReadWriteGate turn_;
  std::size_t waiting_ = 0;
};

class PluginIndexes final : public memory::OutsideIndexes {
 public:
  PluginIndexes(Loop& loop, std::shared_ptr<Plugin> plugin, std::size_t service, Json options)
      : loop_(loop), plugin_(std::move(plugin)), service_(service), options_(std::move(options)) {}

  Task<Result<std::unique_ptr<memory::OutsideIndex>>> build(memory::OutsideRows rows, Stop& stop) override {
    const Json input = {{"do", "build"},
                        {"rows", rows.count},
                        {"dimensions", rows.dimensions},
                        {"metric", word(rows.metric)},
                        {"options", options_}};
    const std::size_t bytes = rows.count * rows.dimensions * sizeof(float);
    auto instance = co_await plugin_->start_alone(std::move(rows.memory), stop);
    if (!instance) co_return fail(std::move(instance.error()));
    OwnCall call(loop_, stop, kIndexBuildTime);
    auto answer = co_await (*instance)->call({.service = service_, .input = dump(input), .memory = bytes},
                                             call.context);
    if (!answer) {
      co_await (*instance)->end();
      co_return fail(named(*plugin_, std::move(answer.error())));
    }
    co_return std::make_unique<PluginIndex>(loop_, plugin_, service_, std::move(*instance));
  }

  bool same(const memory::OutsideIndexes& other) const override {
    const auto* of_plugin = dynamic_cast<const PluginIndexes*>(&other);
    return of_plugin && of_plugin->plugin_ == plugin_ && of_plugin->service_ == service_ &&
           of_plugin->options_ == options_;
  }

 private:
  Loop& loop_;
  const std::shared_ptr<Plugin> plugin_;
  const std::size_t service_;
  const Json options_;
};

}  // namespace

Result<std::shared_ptr<memory::OutsideIndexes>> make_plugin_indexes(Loop& loop, const std::string& named,
                                                                    const Json& options,
                                                                    const PluginTable& plugins) {
  auto found = find_service(plugins, kIndexKind, named);
  if (!found) return fail(std::move(found.error()));
  const std::string& name = found->plugin->settings().name;
  if (found->plugin->settings().isolation == "none")
    return fail(
        ErrorCode::invalid,
        fmt::format("the plugin `{}` indexes vectors, which it does in processes of its own: leave out "
                    "`isolation: none`",
                    name));
  if (auto good = check_fits(options, found->description().input_schema, "options"); !good)
    return within(fmt::format("the index of plugin `{}`", name), std::move(good.error()));
  return std::make_shared<PluginIndexes>(loop, std::move(found->plugin), found->service, options);
}

}  // namespace troupe::plugins
