#include "agents/runs/agent_memory.h"

namespace troupe::agents {

// Not corrected by what a provider reported: a size is one of the message alone, and sizes add up.
memory::Ruler ruler_of(const Agent& agent) {
  if (!agent.tokens) return memory::estimated_tokens();
  return [counter = agent.tokens](const models::Message& message) { return counter->message(message); };
}

Result<std::unique_ptr<memory::Memory>> memory_of(const Agent& agent, store::Journal& journal,
                                                  memory::StepSource& steps, models::Model* summariser) {
  const MemoryParts& parts = agent.memory;
  return memory::make_memory(agent.settings.memory, {.journal = journal,
                                                     .tokens = ruler_of(agent),
                                                     .model = summariser ? summariser : parts.model.get(),
                                                     .prompt = parts.prompt.get(),
                                                     .embedder = parts.embedder.get(),
                                                     .vectors = parts.vectors.get(),
                                                     .steps = &steps,
                                                     .outside = parts.outside.get()});
}

}  // namespace troupe::agents
