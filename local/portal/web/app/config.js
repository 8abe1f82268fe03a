// Where the API and the issuer are: `config.json`, served beside the application.

export const config = {};

export async function loadConfig() {
  const answer = await fetch("config.json");
  if (!answer.ok) throw new Error(`config.json: ${answer.status}`);
  Object.assign(config, await answer.json());
}
