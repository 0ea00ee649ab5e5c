-- Health of an APOTraining for Argo CD.

-- A condition that is True; nil if it is not.
local function holds(name)
  for _, condition in ipairs(obj.status.conditions or {}) do
    if condition.type == name and condition.status == "True" then
      return condition
    end
  end
  return nil
end

-- What keeps the first stage that is not complete.
local function stage()
  local conditions = {}
  for _, condition in ipairs(obj.status.conditions or {}) do
    conditions[condition.type] = condition
  end
  for _, name in ipairs({"Prepared", "ValueEstimated", "Trained"}) do
    local condition = conditions[name]
    if condition ~= nil and condition.status ~= "True" then
      return condition.message
    end
  end
  return nil
end

local function message(condition, otherwise)
  if condition ~= nil and condition.message ~= nil and condition.message ~= "" then
    return condition.message
  end
  return otherwise
end

if obj.status == nil or obj.status.phase == nil then
  return {status = "Progressing", message = "The operator has not seen it yet"}
end
if (obj.status.observedGeneration or 0) < (obj.metadata.generation or 0) then
  return {status = "Progressing", message = "The operator has not seen the latest change yet"}
end

local phase = obj.status.phase
if phase == "Failed" then
  return {status = "Degraded", message = message(holds("Failed"), "The run failed")}
end
if phase == "Succeeded" then
  return {status = "Healthy", message = message(holds("Succeeded"), "The model is there")}
end
if phase == "Suspended" then
  return {status = "Suspended", message = message(holds("Suspended"), "The run is suspended")}
end

-- It may get on again, but somebody should look: only Degraded is sure to alert.
local stalled = holds("Stalled")
if stalled ~= nil then
  return {status = "Degraded", message = message(stalled, "The run has stalled")}
end

local text = phase
if obj.status.progress ~= nil and obj.status.progress ~= "" then
  text = text .. ", " .. obj.status.progress
end
local waiting = stage()
if waiting ~= nil and waiting ~= "" then
  text = text .. ": " .. waiting
end
return {status = "Progressing", message = text}
