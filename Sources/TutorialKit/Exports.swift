// Roles are written with its `Option`, `Arguments` and `UsageError`.
@_exported import Commands
