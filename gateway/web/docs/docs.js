/* global SwaggerUIBundle */
globalThis.SwaggerUIBundle({
  url: '/docs/openapi.json',
  dom_id: '#routes',
  deepLinking: true,
  // It would send the address of the document to its vendor.
  validatorUrl: null,
});
