#pragma once

#include "memory/conversation/memory.h"
#include "memory/conversation/turn_reader.h"
#include "plugins/memory_messages.h"
#include "plugins/plugins.h"
#include "runtime/base/result.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace troupe::plugins {

inline constexpr std::string_view kMemoryKind = "memory";
inline constexpr Milliseconds kMemoryTime{10'000};  ///< of one call, unless the service names a time itself

/// `plugin/NAME`: a plugin chooses what is recalled, and may keep notes, which are the journal's as those of
/// a summary are. Its choice is written down when a run begins, so that it is asked once a run; it says which
/// turns, never what they say. A call that fails, takes too long or answers nonsense is a warning
/// `memory_degraded`: the newest turns that fit are recalled then, with the notes there are, and notes stay
/// as they are until the next answer.
class PluginMemory final : public memory::Memory {
 public:
  /// `service`: its place in the description of `plugin`.
  PluginMemory(memory::MemorySettings settings, memory::MemoryServices services,
               std::shared_ptr<Plugin> plugin, std::size_t service);

  Task<Result<memory::Recalled>> recall(std::string message, CallContext& context) override;
  Task<Result<memory::Recollection>> recall_again(Json record, CallContext& context) override;
  Task<Result<>> settle(CallContext& context) override;

 private:
  const ServiceDescription& service() const { return plugin_->description().services[service_]; }
  /// What it answers to `input` with all that goes along with it. Errors: as Plugin::call().
  Task<Result<std::string>> ask(Json input, const memory::Remembered& remembered, CallContext& context);
  /// Places among those remembered. Errors: the same, protocol.
  Task<Result<TurnChoice>> choose(std::string message, const memory::Remembered& remembered,
                                  CallContext& context);
  Error told(Error error) const;  ///< naming plugin and memory

  const memory::MemorySettings settings_;
  const memory::MemoryServices services_;
  const std::shared_ptr<Plugin> plugin_;
  const std::size_t service_;
  memory::TurnReader reader_;
};

/// The memory that `type` names, plugin/NAME or plugin/NAME/SERVICE. It keeps the plugin as it is: of a newer
/// one there is a new memory. Errors: not_found (no such plugin or memory, with what there is), invalid (the
/// plugin has several and none is named; the settings' options do not fit the service's schema).
Result<std::shared_ptr<const memory::OutsideMemory>> make_plugin_memory(
    const memory::MemorySettings& settings, const PluginTable& plugins);

/// The same of the plugins in `table`, which it keeps.
std::function<Result<std::shared_ptr<const memory::OutsideMemory>>(const memory::MemorySettings&)>
memory_maker(PluginTable table);

}  // namespace troupe::plugins
