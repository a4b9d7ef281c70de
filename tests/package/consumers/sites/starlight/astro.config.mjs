import starlight from '@astrojs/starlight';

export default { integrations: [starlight({ title: 'Docs', favicon: '/favicon.ico' })] };
